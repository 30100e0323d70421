"""SQL of the content service, one function one statement; every one names the tenant.

Rows of the platform's tenant are readable where its templates are shared; whatever changes a row names the caller's own tenant.
"""
