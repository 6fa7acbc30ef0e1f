"""Two linear regressions of NPreg with a common curvature: the log-likelihood by direct maximisation.

Usage: python3 common_slope.py ../../../cli/tests/cases/reg_npreg/data.csv (numpy, scipy 1.17).
"""
import sys
import numpy as np
from scipy.optimize import minimize
d=np.genfromtxt(sys.argv[1],delimiter=',',names=True)
x,y=d['x'],d['yn']
def nll(t):
    a=1/(1+np.exp(-t[0])); g=t[1]
    p=0
    for w,(b0,b1,lv) in zip((a,1-a),(t[2:5],t[5:8])):
        m=b0+b1*x+g*x*x; v=np.exp(lv)
        p=p+w*np.exp(-.5*(y-m)**2/v)/np.sqrt(2*np.pi*v)
    return -np.log(p).sum()
r=minimize(nll,[0.1,-.2,27,2.3,3.5,-3.5,7.4,3.1],method='BFGS',options=dict(gtol=1e-7,maxiter=500))
print(repr(-r.fun),r.x,r.message)
